/** The tests of pods: one file after the other, since pods are heavy. */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/pod/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    fileParallelism: false,
    globalSetup: ["./test/support/temporary-folder.ts"],
    reporters: ["default", "./test/support/summary-reporter.ts"],
  },
});

export default config;

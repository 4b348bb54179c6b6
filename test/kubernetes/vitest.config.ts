/** The Kubernetes tests: one file after the other, since each starts an API at the same address. */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/kubernetes/**/*.test.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
    fileParallelism: false,
    globalSetup: ["./test/support/temporary-folder.ts"],
    reporters: ["default", "./test/support/summary-reporter.ts"],
  },
});

export default config;

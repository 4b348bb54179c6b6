/** The tests of the image: one file after the other, since every container of it listens at the same ports. */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/image/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    fileParallelism: false,
    globalSetup: ["./test/support/temporary-folder.ts"],
    reporters: ["default", "./test/support/summary-reporter.ts"],
  },
});

export default config;

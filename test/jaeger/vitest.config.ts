/** The test with a real Jaeger, which takes minutes to build; `npm run test:jaeger` runs it. */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/jaeger/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ["./test/support/temporary-folder.ts"],
    reporters: ["default", "./test/support/summary-reporter.ts"],
  },
});

export default config;

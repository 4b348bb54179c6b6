/** Test runner settings: real sockets and processes, so a generous limit and few workers. */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Commands of their own run these: `npm run test:k8s`, `test:jaeger`, `test:image`, `test:pod`.
    exclude: ["test/kubernetes/**", "test/jaeger/**", "test/image/**", "test/pod/**"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    globalSetup: ["./test/support/temporary-folder.ts"],
    reporters: ["default", "./test/support/summary-reporter.ts"],
    coverage: { provider: "v8", include: ["proxy/**/*.ts"], reporter: ["text-summary", "text"] },
  },
});

export default config;

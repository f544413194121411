// Builds dist/: ES modules, CommonJS for Jest (which does not transform packages) and older bundlers, types for both.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const TSC = 'node_modules/.bin/tsc';
const COMMONJS = ['--module', 'CommonJS', '--moduleResolution', 'bundler', '--verbatimModuleSyntax', 'false'];

rmSync('dist', { recursive: true, force: true });
for (const project of ['tsconfig.json', 'tsconfig.web-audio.json']) {
  execFileSync(TSC, ['-p', project], { stdio: 'inherit' });
  execFileSync(TSC, ['-p', project, ...COMMONJS, '--outDir', 'dist/cjs'], { stdio: 'inherit' });
}
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');

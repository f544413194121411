// One tap in an app in Node, this process: prints what `tap` returns. The argument is JSON: what `tap` is asked, and the
// folders `client` and `sdks` of the packages.

import { createRequire } from 'node:module';
import { tap } from './tap.mjs';

const asked = JSON.parse(process.argv[2]);
const require = createRequire(`${asked.sdks}/package.json`);
const client = await import(`${asked.client}/dist/esm/index.js`);
const packages = { client, genai: require('@google/genai'), WebSocket: require('ws') };
console.log(JSON.stringify(await tap(asked, packages)));
process.exit(0);

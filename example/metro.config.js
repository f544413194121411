const { getDefaultConfig } = require('expo/metro-config');
const { FileStore } = require('@expo/metro/metro-cache');

const config = getDefaultConfig(__dirname);
// In this folder, or a change of packages could meet what an earlier clone has left in the system's.
config.cacheStores = [new FileStore({ root: `${__dirname}/node_modules/.cache/metro` })];
module.exports = config;

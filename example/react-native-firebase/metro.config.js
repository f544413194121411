// The app is in the folder above.
module.exports = require('../metro.config');

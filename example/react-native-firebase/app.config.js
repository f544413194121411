const { expo } = require('../app.json');

module.exports = {
  ...expo,
  slug: `${expo.slug}-react-native-firebase`,
  platforms: ['ios', 'android'],
  ios: { ...expo.ios, googleServicesFile: './GoogleService-Info.plist' },
  android: { ...expo.android, googleServicesFile: './google-services.json' },
  plugins: [
    ...expo.plugins,
    '@react-native-firebase/app',
    '@react-native-firebase/app-check',
    '@react-native-firebase/auth',
  ],
};

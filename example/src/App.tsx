import { useEffect, useState } from 'react';
import { KeyboardAvoidingView, Text, View } from 'react-native';
import type { Firebase } from './app-firebase';
import { useLook } from './look';
import { SignIn } from './SignIn';
import { Talk } from './Talk';

// Of the web, which the types of React Native do not know.
const FIRST_HEADING = { 'aria-level': 1 };

/** The app on one of the two SDKs of Firebase. */
export function createApp(firebase: Firebase) {
  return function App() {
    const [isSignedIn, setSignedIn] = useState(false);
    const [colour, setColour] = useState<string>();
    const look = useLook(colour);
    useEffect(() => firebase.onSignedIn(setSignedIn), []);
    return (
      <KeyboardAvoidingView style={look.screen} behavior="padding">
        <View role="main" style={look.column}>
          <Text role="heading" {...FIRST_HEADING} style={look.label}>
            Talk to Gemini
          </Text>
          {isSignedIn ? (
            <Talk firebase={firebase} look={look} onColour={setColour} />
          ) : (
            <SignIn firebase={firebase} look={look} />
          )}
        </View>
      </KeyboardAvoidingView>
    );
  };
}

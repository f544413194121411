import { useState } from 'react';
import { Text, TextInput, View } from 'react-native';
import type { Firebase } from './app-firebase';
import { Button } from './Button';
import type { Look } from './look';

export function SignIn({ firebase, look }: { firebase: Firebase; look: Look }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState('');

  const attempt = (signIn: Firebase['signIn']) => () => {
    setProblem('');
    signIn(email.trim(), password).catch((error: Error) => setProblem(`That did not work: ${error.message}`));
  };
  return (
    <>
      <TextInput
        style={look.input}
        aria-label="E-mail"
        placeholder="E-mail"
        placeholderTextColor={look.text.color}
        autoCapitalize="none"
        autoComplete="email"
        inputMode="email"
        value={email}
        onChangeText={setEmail}
      />
      <TextInput
        style={look.input}
        aria-label="Password"
        placeholder="Password"
        placeholderTextColor={look.text.color}
        autoComplete="current-password"
        secureTextEntry
        value={password}
        onChangeText={setPassword}
      />
      <View style={look.row}>
        <Button look={look} isMain label="Sign in" onPress={attempt(firebase.signIn)} />
        <Button look={look} label="Create an account" onPress={attempt(firebase.signUp)} />
        <Button look={look} label="Go on without an account" onPress={attempt(firebase.signInAnonymously)} />
      </View>
      <Text role="alert" style={[look.text, look.alarm]}>
        {problem}
      </Text>
    </>
  );
}

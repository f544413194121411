import { useLiveSession } from 'gemini-live-tokens/react';
import { useRef, useState } from 'react';
import { ScrollView, Text, TextInput, View } from 'react-native';
import type { Firebase } from './app-firebase';
import { createAudio } from './audio';
import { Button } from './Button';
import { isColour, type Look } from './look';
import { words } from './words';

interface TalkProps {
  firebase: Firebase;
  look: Look;
  onColour: (colour?: string) => void;
}

export function Talk({ firebase, look, onColour }: TalkProps) {
  const bySound = useRef(true);
  const [audio] = useState(() => {
    const device = createAudio();
    // Who writes first is not asked for the microphone.
    return {
      ...device,
      start: async (events: Parameters<typeof device.start>[0]) => {
        if (bySound.current) await device.start(events);
      },
    };
  });
  const [text, setText] = useState('');
  const lines = useRef<ScrollView>(null);
  const live = useLiveSession({
    tokens: firebase.tokens,
    audio,
    tools: {
      // The arguments come from the model, so they are checked like any input. What is thrown is told to it.
      set_colour({ colour }: { colour?: unknown }) {
        if (!isColour(colour)) throw new Error('There is no such colour.');
        onColour(colour);
        return { colour };
      },
    },
  });
  const isOff = live.status === 'idle' || live.status === 'ended';
  const [title, hint, isAlarm] = words(live, globalThis.navigator?.onLine !== false, bySound.current);

  function start(withSound: boolean): void {
    bySound.current = withSound;
    void live.start();
  }

  function send(): void {
    const said = text.trim();
    if (!said) return;
    setText('');
    if (isOff) start(false);
    live.sendText(said);
  }

  async function signOut(): Promise<void> {
    await live.stop(); // while there is somebody who can give the session back
    onColour(undefined);
    await firebase.signOut();
  }

  return (
    <>
      <Button
        look={look}
        isMain
        label={isOff ? 'Talk' : 'Stop'}
        style={look.round}
        onPress={() => (isOff ? start(true) : void live.stop())}
      />
      <View role="status" aria-live="polite">
        <Text style={[look.title, isAlarm && look.alarm]}>{title}</Text>
        <Text style={look.hint}>{hint}</Text>
      </View>
      <View style={look.row}>
        <Button look={look} label="Sign out" onPress={() => void signOut()} />
        {!isOff && bySound.current && (
          <Button look={look} label={live.muted ? 'Muted' : 'Mute'} onPress={() => live.mute(!live.muted)} />
        )}
      </View>
      <ScrollView
        ref={lines}
        role="log"
        aria-label="What was said"
        style={look.transcript}
        onContentSizeChange={() => lines.current?.scrollToEnd()}
      >
        {live.transcript.map((line) => (
          <View key={line.id} style={[look.line, look[line.who]]}>
            <Text style={look.text}>{line.text}</Text>
            {line.interrupted && <Text style={look.text}>interrupted</Text>}
          </View>
        ))}
      </ScrollView>
      <View style={look.row}>
        <TextInput
          style={[look.input, look.grow]}
          aria-label="Write a message"
          placeholder="Write a message"
          placeholderTextColor={look.text.color}
          enterKeyHint="send"
          submitBehavior="submit"
          value={text}
          onChangeText={setText}
          onSubmitEditing={send}
        />
        <Button look={look} label="Send" onPress={send} />
      </View>
    </>
  );
}

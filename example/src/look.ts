import { Platform, StyleSheet, useColorScheme } from 'react-native';

/** The colours that the model can give the screen: name → in the light, in the dark. */
const SCREENS: Record<string, readonly [string, string]> = {
  blue: ['#cfe0ff', '#10264f'],
  green: ['#cfeed8', '#0f3320'],
  yellow: ['#fbeeb4', '#3b3206'],
  red: ['#ffd9d2', '#4a1810'],
};

export const isColour = (name: unknown): name is string => typeof name === 'string' && Object.hasOwn(SCREENS, name);

const LIGHT = {
  paper: '#f7f5f1',
  ink: '#23262d',
  line: '#8a8577',
  accent: '#2f5bd0',
  onAccent: '#ffffff',
  alarm: '#a8321f',
};
const DARK = {
  paper: '#14161a',
  ink: '#e9e7e2',
  line: '#7d8390',
  accent: '#8fb0ff',
  onAccent: '#10131a',
  alarm: '#ff9d8a',
};

/** Returns the styles of this moment: light or dark, and on the model's colour if it chose one. */
export function useLook(colour?: string) {
  const isDark = useColorScheme() === 'dark';
  const { paper, ink, line, accent, onAccent, alarm } = isDark ? DARK : LIGHT;
  const screen = colour && SCREENS[colour]?.[isDark ? 1 : 0];
  return StyleSheet.create({
    screen: { flex: 1, backgroundColor: screen || paper },
    column: {
      flex: 1,
      width: '100%',
      maxWidth: 560,
      alignSelf: 'center',
      padding: 20,
      paddingTop: Platform.OS === 'web' ? 20 : 64,
      gap: 14,
    },
    row: { flexDirection: 'row', flexWrap: 'wrap', gap: 10, alignItems: 'center', justifyContent: 'space-between' },
    text: { color: ink, fontSize: 16, lineHeight: 24 },
    title: { color: ink, fontSize: 22, fontWeight: '600', textAlign: 'center' },
    hint: { color: ink, fontSize: 16, lineHeight: 24, textAlign: 'center' },
    alarm: { color: alarm },
    input: {
      minHeight: 44,
      paddingHorizontal: 12,
      borderWidth: 1,
      borderRadius: 12,
      borderColor: line,
      color: ink,
      fontSize: 16,
    },
    grow: { flex: 1, minWidth: 160 },
    button: {
      minHeight: 44,
      paddingHorizontal: 16,
      borderRadius: 12,
      borderWidth: 1,
      borderColor: line,
      justifyContent: 'center',
      alignItems: 'center',
    },
    main: { backgroundColor: accent, borderColor: accent },
    round: { width: 128, height: 128, borderRadius: 64, alignSelf: 'center' },
    label: { color: ink, fontSize: 16, fontWeight: '600' },
    onMain: { color: onAccent },
    transcript: { flex: 1 },
    line: {
      maxWidth: '85%',
      marginVertical: 4,
      paddingVertical: 8,
      paddingHorizontal: 14,
      borderRadius: 16,
      borderWidth: 1,
      borderColor: line,
    },
    user: { alignSelf: 'flex-end' },
    model: { alignSelf: 'flex-start' },
  });
}

export type Look = ReturnType<typeof useLook>;

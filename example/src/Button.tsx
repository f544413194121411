import { Pressable, type PressableProps, type StyleProp, Text, type ViewStyle } from 'react-native';
import type { Look } from './look';

interface ButtonProps extends Pick<PressableProps, 'onPress' | 'disabled' | 'aria-selected'> {
  look: Look;
  label: string;
  isMain?: boolean;
  style?: StyleProp<ViewStyle>;
}

export function Button({ look, label, isMain, style, ...props }: ButtonProps) {
  return (
    <Pressable role="button" style={[look.button, isMain && look.main, style]} {...props}>
      <Text style={[look.label, isMain && look.onMain]}>{label}</Text>
    </Pressable>
  );
}

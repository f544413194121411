import { registerRootComponent } from 'expo';
import { createApp } from './src/App';
import { firebase } from './src/firebase';

registerRootComponent(createApp(firebase));

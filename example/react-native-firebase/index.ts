import { registerRootComponent } from 'expo';
import { createApp } from '../src/App';
import { firebase } from './firebase';

registerRootComponent(createApp(firebase));

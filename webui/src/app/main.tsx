/** The page's beginning: nonce, language, appearance, then the application. */
import '../theme/global.css';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { useSession } from '../api/session';
import { chosen, keptLocale, startI18n } from '../i18n';
import { handle } from '../keyboard/keys';
import { startAppearance } from '../theme/appearance';
import { App } from './App';
import { watchChunks } from './chunks';

const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content;
if (nonce) setNonce(nonce); // before the first overlay makes its style element

startAppearance();
watchChunks();
addEventListener('keydown', handle);
const asked =
  new URLSearchParams(location.search).get('locale') ?? keptLocale() ?? useSession.getState().me?.locale;
await startI18n(chosen(asked ?? undefined));
const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

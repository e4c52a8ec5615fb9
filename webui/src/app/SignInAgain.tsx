import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session';
import { Dialog } from '../ui/Dialog';
import { SignInForm } from './SignIn';

/** Over the page, when the session ended while it was in use. */
export default function SignInAgain() {
  const { t } = useTranslation();
  const me = useSession((state) => state.me);
  return (
    <Dialog
      open
      onClose={() => undefined}
      title={t('sign_in.again_title')}
      description={t('sign_in.again_text')}
    >
      <SignInForm {...(me ? { username: me.user.username } : {})} />
    </Dialog>
  );
}

import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { signIn } from '../api/session';
import { Button } from '../ui/Button';
import { Field, TextInput } from '../ui/Field';
import { Mark } from '../ui/Mark';
import styles from './SignIn.module.css';

/** Name and password; password managers work, and pasting is allowed. */
export function SignInForm({ username: known }: { username?: string }) {
  const { t } = useTranslation();
  const [username, setUsername] = useState(known ?? '');
  const [password, setPassword] = useState('');
  const signing = useMutation({
    mutationFn: () => signIn(username, password),
    onError: () => setPassword(''),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signing.mutate();
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <Field label={t('sign_in.username')} required>
        {(described) => (
          <TextInput
            {...described}
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            required
            autoFocus={!known}
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        )}
      </Field>
      <Field label={t('sign_in.password')} required error={signing.error?.message}>
        {(described) => (
          <TextInput
            {...described}
            type="password"
            name="password"
            autoComplete="current-password"
            required
            autoFocus={Boolean(known)}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" kind="primary" busy={signing.isPending}>
        {t('sign_in.submit')}
      </Button>
    </form>
  );
}

export function SignInPage() {
  const { t } = useTranslation();
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.mark}>
          <Mark size={40} />
        </p>
        <h1>{t('sign_in.title')}</h1>
        <SignInForm />
        <p className={styles.hint}>{t('sign_in.first')}</p>
      </div>
    </main>
  );
}

import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/Button';
import { EmptyState } from '../ui/states';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <EmptyState
      whole
      title={t('not_found.title')}
      action={
        <Button asChild>
          <Link to="/">{t('not_found.home')}</Link>
        </Button>
      }
    >
      {t('not_found.text')}
    </EmptyState>
  );
}

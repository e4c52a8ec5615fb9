import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Menu } from './Menu';

afterEach(cleanup);

describe('a menu', () => {
  it('lets the keyboard reach what cannot be chosen and hear why, and chooses nothing there', async () => {
    const off = vi.fn();
    const on = vi.fn();
    render(
      <Menu
        label="Actions"
        trigger={<button>More</button>}
        items={[
          { label: 'Archive', why: 'It is running.', onSelect: off },
          { label: 'Duplicate', onSelect: on },
        ]}
      />,
    );
    const user = userEvent.setup();
    screen.getByRole('button', { name: 'More' }).focus();
    await user.keyboard('{Enter}');
    const item = await screen.findByRole('menuitem', { name: /Archive/ });
    expect(item).toHaveFocus();
    expect(item).toHaveAttribute('aria-disabled', 'true');
    expect(item).toHaveAccessibleName(/It is running\./);
    await user.keyboard('{Enter}');
    expect(off).not.toHaveBeenCalled();
    expect(item).toBeInTheDocument();
    await user.keyboard('{ArrowDown}{Enter}');
    expect(on).toHaveBeenCalledOnce();
    expect(screen.queryByRole('menu')).toBeNull();
  });
});

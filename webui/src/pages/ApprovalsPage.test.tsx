import { server } from '../api/server.test-env';
import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import { ApprovalsPage } from './ApprovalsPage';
import { opened, signedIn } from './opened.test-env';
import { approvalsSearch } from './search';

const page = { path: '/approvals', component: ApprovalsPage, validateSearch: approvalsSearch };

function question(id: string, title: string, more: object = {}) {
  return {
    id,
    title,
    description: '',
    status: 'pending',
    workflow_id: 'w1',
    workflow_name: 'orders',
    node_id: 'ask',
    execution_id: 'eeeeeeee-1',
    assignees: [],
    quorum: 1,
    decisions: [],
    created_at: '2026-01-01T00:00:00Z',
    due_at: null,
    can: { decide: true },
    ...more,
  };
}

beforeAll(async () => {
  await startI18n('en');
  await loadWords('approvals');
});

beforeEach(() => {
  server.forget();
  signedIn();
  server.lists('GET /approvals', [question('q1', 'Ship it?'), question('q2', 'Pay it?')]);
});

afterEach(cleanup);

describe('the inbox of approvals', () => {
  it('lists what waits for oneself, oldest first', async () => {
    opened(page);
    expect(await screen.findByRole('button', { name: /Ship it\?/ })).toBeInTheDocument();
    expect(server.asked('GET /approvals')[0]?.query).toMatchObject({
      workspace: 'default',
      mine: 'true',
      status: 'pending',
      sort: 'created_at',
    });
    expect(screen.getByText('Choose a question to decide it.')).toBeInTheDocument();
  });

  it('answers a question in place with a comment', async () => {
    server.on('POST /approvals/q1/decide', () => ({
      body: question('q1', 'Ship it?', { status: 'approved' }),
    }));
    const { user, router } = opened(page);
    await user.click(await screen.findByRole('button', { name: /Ship it\?/ }));
    await waitFor(() => expect(router.state.location.search).toEqual({ id: 'q1' }));
    await user.type(await screen.findByLabelText('Comment'), 'fine');
    await user.click(screen.getByRole('button', { name: /^Approve/ }));
    await waitFor(() => expect(server.asked('POST /approvals/q1/decide')).toHaveLength(1));
    expect(JSON.parse(server.asked('POST /approvals/q1/decide')[0]?.body ?? '')).toEqual({
      decision: 'approve',
      comment: 'fine',
    });
    await waitFor(() => expect(server.asked('GET /approvals').length).toBeGreaterThan(1));
  });

  it('says who was quicker', async () => {
    server.on('POST /approvals/q1/decide', () => ({
      status: 409,
      body: { code: 'conflict', detail: 'ben approved it.', status: 409 },
    }));
    const { user } = opened(page, '/approvals?id=q1');
    await user.click(await screen.findByRole('button', { name: /^Reject/ }));
    expect(await screen.findByRole('alert')).toHaveTextContent('It was decided already');
    expect(screen.getByRole('alert')).toHaveTextContent('ben approved it.');
  });

  it('says why somebody may not decide, and lets nothing go out', async () => {
    server.lists('GET /approvals', [question('q1', 'Ship it?', { can: { decide: 'Only ben may.' } })]);
    const { user } = opened(page, '/approvals?id=q1');
    const approve = await screen.findByRole('button', { name: /^Approve/ });
    expect(screen.getByText('Only ben may.')).toBeInTheDocument();
    await user.click(approve);
    expect(server.asked('POST /approvals/q1/decide')).toEqual([]);
  });

  it('opens a question that a link names although the list does not hold it', async () => {
    server.on('GET /approvals/q9', () => ({
      body: question('q9', 'Long ago?', { status: 'rejected', decisions: [] }),
    }));
    opened(page, '/approvals?id=q9');
    expect(await screen.findByRole('article', { name: 'Long ago?' })).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: /^Approve/ })).toBeNull();
  });

  it('tells a quiet day from filters that fit nothing', async () => {
    server.lists('GET /approvals', []);
    opened(page);
    expect(await screen.findByRole('heading', { name: 'Nobody waits for you' })).toBeInTheDocument();
    cleanup();
    opened(page, '/approvals?state=rejected');
    expect(await screen.findByRole('heading', { name: 'No approval fits the filters' })).toBeInTheDocument();
    expect(server.asked('GET /approvals').at(-1)?.query).toMatchObject({
      status: 'rejected',
      sort: '-created_at',
    });
  });
});

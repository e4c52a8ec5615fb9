/** The looks of statuses, for components below the panels. */
export {
  isFinal,
  LOOKS,
  STATUSES,
  statusOf,
  type Edge,
  type Hue,
  type Look,
  type Status,
} from '../execution/status';

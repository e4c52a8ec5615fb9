import { afterEach, describe, expect, it } from 'vitest';
import { Camera } from './camera';
import { Gestures } from './gestures';

const SCREEN = { width: 1_440, height: 900 };

describe('A drag near an edge', () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  /** A frame is begun so far from the upper edge; `move` leads it on, and waits until a picture that moves has moved. */
  const begun = (y: number) => {
    const element = document.createElement('div');
    element.getBoundingClientRect = () => new DOMRect(0, 0, SCREEN.width, SCREEN.height);
    element.setPointerCapture = () => undefined;
    const camera = new Camera();
    const gestures = new Gestures(camera);
    stops.push(camera.attach(element), gestures.attach(element));
    const point = (type: string, clientY: number) =>
      element.dispatchEvent(
        new PointerEvent(type, { pointerId: 1, button: 0, clientX: 700, clientY, shiftKey: true }),
      );
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const move = async (to: number) => {
      point('pointermove', to);
      await frame();
      await frame();
      return camera.view.y;
    };
    point('pointerdown', y);
    return move;
  };

  it('leaves the picture where it is while it leads away from there', async () => {
    const move = begun(20);
    expect(await move(28)).toBe(0);
    expect(await move(300)).toBe(0);
  });

  it('moves the picture once it comes nearer', async () => {
    const move = begun(20);
    expect(await move(10)).toBeGreaterThan(0);
  });

  it('moves the picture when it comes back there', async () => {
    const move = begun(20);
    await move(300);
    expect(await move(28)).toBeGreaterThan(0);
  });

  it('moves the picture at an edge where it did not begin', async () => {
    const move = begun(20);
    expect(await move(SCREEN.height - 10)).toBeLessThan(0);
  });
});

import { after, describe } from 'node:test';
import { type ContainerGround, dockerGround, podmanGround } from './container-ground.ts';
import { type ContainerImages, containerImages, type NoContainers } from './container-images.ts';
import { containerSuite } from './container-suite.ts';

type FindGround = (images: ContainerImages) => Promise<ContainerGround | NoContainers>;

const ENGINES: Readonly<Record<string, FindGround>> = {
  'of podman': podmanGround,
  'of docker': (images) => dockerGround(images, 'classic'),
  "of docker with containerd's store": (images) => dockerGround(images, 'containerd'),
};

const images = await containerImages();
const opened: { close(): Promise<void> }[] = images.kind === 'usable' ? [images] : [];
for (const [what, find] of Object.entries(ENGINES)) {
  const ground = images.kind === 'usable' ? await find(images) : images;
  if (ground.kind === 'usable') opened.push(ground);
  if (images.kind === 'usable' && ground.kind === 'usable') containerSuite({ what, images, ground });
  else describe(`a release that runs in a container ${what}`, { skip: whyNot(ground) }, () => {});
}
// Also where no test was asked for: a daemon that goes on would keep this process from ending.
after(async () => {
  for (const each of opened) await each.close();
});

function whyNot(ground: ContainerGround | NoContainers): string | false {
  return ground.kind === 'unusable' && ground.why;
}

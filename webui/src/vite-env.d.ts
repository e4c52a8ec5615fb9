/// <reference types="vite/client" />
/** True in development and test builds, where `/__gallery` exists. */
declare const __GALLERY__: boolean;

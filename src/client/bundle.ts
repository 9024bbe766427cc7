// The build bundles this module into one file without imports, for `<script type="module">`.
export { auto, connect, connectBy, poll, Refusal, shared, sse, webSocket } from './index.js';

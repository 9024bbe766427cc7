// The build makes of this module one file that imports nothing, for `<script type="module">`.
export { auto, connect, connectBy, poll, Refusal, shared, sse, webSocket } from './index.js';

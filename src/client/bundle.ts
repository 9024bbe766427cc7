// The build makes of this module one file that imports nothing, for `<script type="module">`.
export { connect, connectBy, poll, Refusal, shared } from './index.js';

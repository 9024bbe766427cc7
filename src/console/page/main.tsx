import { render } from 'preact';

render(<main>Sessions</main>, document.body);

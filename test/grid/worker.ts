/** A thread of `npm run grid`. */
import { drawnGoodput } from './bulk.js';
import { answerJobs } from './jobs.js';
import { TRANSFERS } from './transfers.js';

answerJobs((job) => drawnGoodput(TRANSFERS[job]));

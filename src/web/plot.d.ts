/** uPlot, as the daemon serves it beside these modules. */
export { default } from 'uplot';

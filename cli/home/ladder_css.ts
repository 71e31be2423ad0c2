/**
 * The looks of the ladder of packets.
 *
 * @module
 */

/** The looks of the ladder of packets. */
export const ladderCss: string = /* css */ `
/* The ladder: time, lane, words. The lane's two edges are the two hosts. */

.ladder {
  margin-top: 1.2rem;
  padding: 0.9rem 1.2rem 0.6rem;
}

.ladder ol {
  list-style: none;
  margin: 0;
  padding: 0;
}

.ladder li,
.ends {
  display: grid;
  grid-template-columns: 4.6rem minmax(14rem, 1fr) minmax(16rem, 1.15fr);
  column-gap: 1.1rem;
}

.ends {
  font-size: 0.86rem;
  line-height: 1.35;
}

.ends div {
  grid-column: 2;
  display: flex;
  justify-content: space-between;
  gap: 1rem;
  padding-bottom: 0.35rem;
}

.ends div span:last-child {
  text-align: right;
}

.ends b {
  display: block;
}

.ladder .time {
  grid-column: 1;
  grid-row: 1;
  text-align: right;
  font: 0.8rem/1 var(--mono);
  color: var(--soft);
  padding-top: 1.02rem;
  white-space: nowrap;
}

.ladder .lane {
  grid-column: 2;
  grid-row: 1;
  border: solid var(--line);
  border-width: 0 2px;
}

.ladder .arrow {
  grid-column: 2;
  grid-row: 1;
  color: var(--tone);
  padding: 0.3rem 2px 0.5rem;
  min-width: 0;
}

.ladder .label {
  display: block;
  text-align: center;
  padding: 0 0.8rem;
  font: 600 0.82rem/1.35 var(--mono);
  overflow-wrap: anywhere;
}

.ladder .shaft {
  display: block;
  position: relative;
  height: 12px;
}

.ladder .out .shaft {
  transform: scaleX(-1);
}

.ladder .shaft svg {
  position: absolute;
  inset: 0 9px 0 0;
  width: calc(100% - 9px);
  height: 100%;
  overflow: visible;
}

.ladder .shaft path {
  stroke: currentColor;
  stroke-width: 2;
  fill: none;
  vector-effect: non-scaling-stroke;
}

.ladder .shaft::after {
  content: "";
  position: absolute;
  right: 0;
  bottom: -4px;
  width: 11px;
  height: 11px;
  background: currentColor;
  clip-path: polygon(0 0, 100% 55%, 0 100%);
}

.ladder .words {
  grid-column: 3;
  grid-row: 1;
  margin: 0;
  padding: 0.55rem 0 0.45rem;
  font-size: 0.88rem;
  line-height: 1.45;
}

.ladder .gap .lane {
  border-style: dotted;
}

.ladder .gap .words,
.ladder .now .words {
  grid-column: 2;
  padding: 0.7rem 1rem;
  text-align: center;
  color: var(--soft);
}

.ladder .now .lane {
  border-color: transparent;
  background:
    linear-gradient(var(--line), transparent) left / 2px 100% no-repeat,
    linear-gradient(var(--line), transparent) right / 2px 100% no-repeat;
}

.neighbour {
  --tone: var(--neighbour);
}

.handshake {
  --tone: var(--handshake);
}

.request {
  --tone: var(--request);
}

.response {
  --tone: var(--response);
}

.ack {
  --tone: var(--ack);
}

.close {
  --tone: var(--close);
}

.trouble {
  --tone: var(--trouble);
}

.ack path {
  stroke-dasharray: 5 4;
}

.ack .label {
  font-weight: 500;
}

@media (max-width: 52rem) {
  .ladder {
    padding: 0.9rem 0.8rem 0.6rem 0.4rem;
  }

  .ladder li,
  .ends {
    grid-template-columns: 3.9rem 1fr;
    column-gap: 0.6rem;
  }

  .ladder .lane {
    grid-row: 1 / 3;
  }

  .ladder .words {
    grid-column: 2;
    grid-row: 2;
    padding: 0 0.9rem 0.7rem;
    color: var(--soft);
  }
}
`;

/**
 * The looks of the parts of the page.
 *
 * @module
 */

/** The looks of the parts of the page. */
export const partsCss: string = /* css */ `
/* The way of the request: cards in a row, or one below the other. */

.hops {
  list-style: none;
  display: grid;
  grid-auto-flow: column;
  grid-auto-columns: 1fr;
  gap: 1.9rem;
  margin: 1.2rem 0 0;
  padding: 0;
}

.hops li {
  position: relative;
  padding: 0.8rem 0.9rem 0.9rem;
  font-size: 0.86rem;
  line-height: 1.45;
}

.hops li + li::before {
  content: "";
  position: absolute;
  left: -1.55rem;
  top: 1.35rem;
  width: 1.15rem;
  height: 0.7rem;
  background: var(--leaf);
  clip-path: polygon(0 38%, 62% 38%, 62% 0, 100% 50%, 62% 100%, 62% 62%, 0 62%);
}

.hops b {
  display: block;
  font-size: 0.95rem;
}

.hops .mono {
  display: block;
  color: var(--leaf);
  margin: 0.1rem 0 0.35rem;
  overflow-wrap: anywhere;
}

.hops .inside {
  border-color: color-mix(in srgb, var(--leaf) 55%, var(--line));
  background: color-mix(in srgb, var(--leaf) 7%, var(--card));
}

/* Figures. */

.figures {
  display: grid;
  grid-template-columns: repeat(3, 1fr);
  gap: 0.8rem;
  margin: 1.2rem 0 0;
}

.figures div {
  padding: 0.75rem 0.95rem 0.85rem;
}

.figures dt {
  color: var(--soft);
  font-size: 0.84rem;
}

.figures dd {
  margin: 0;
  font-size: 1.42rem;
  font-weight: 600;
  letter-spacing: -0.01em;
  font-variant-numeric: tabular-nums;
}

.figures small {
  display: block;
  color: var(--soft);
  font-size: 0.8rem;
  font-weight: 400;
  letter-spacing: 0;
  line-height: 1.35;
}

/* What to try. */

.try {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr));
  gap: 0.9rem;
  margin-top: 1.2rem;
}

.try section {
  padding: 1rem 1.1rem 1.1rem;
}

h3 {
  margin: 0;
  font-size: 1rem;
}

.try p {
  margin: 0.3rem 0 0.7rem;
  font-size: 0.9rem;
  color: var(--soft);
}

.acts {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.5rem 0.7rem;
  font-size: 0.92rem;
}

.try ul {
  margin: 0.3rem 0 0;
  padding: 0;
  list-style: none;
  font-size: 0.92rem;
}

button,
.file {
  font: inherit;
  font-size: 0.9rem;
  font-weight: 550;
  color: var(--card);
  background: var(--leaf);
  border: 0;
  border-radius: 0.5rem;
  padding: 0.5rem 0.85rem;
  cursor: pointer;
  display: inline-block;
}

button:disabled {
  opacity: 0.55;
  cursor: default;
}

.file {
  color: var(--leaf);
  background: transparent;
  box-shadow: inset 0 0 0 1.5px var(--leaf);
}

.file:focus-within {
  outline: 2px solid var(--leaf);
  outline-offset: 2px;
}

output {
  display: block;
  margin-top: 0.7rem;
  font: 0.8rem/1.5 var(--mono);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

output:empty {
  display: none;
}

progress {
  width: 100%;
  accent-color: var(--leaf);
}

details {
  margin-top: 0.8rem;
  padding: 0.7rem 1.1rem;
}

summary {
  cursor: pointer;
  font-weight: 550;
}

details pre {
  overflow-x: auto;
  margin: 0.7rem 0 0.3rem;
  font-size: 0.78rem;
  line-height: 1.6;
}

.layers {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr));
  gap: 0.4rem 1.6rem;
  margin: 0.8rem 0 0.4rem;
  font-size: 0.86rem;
}

.layers dl {
  margin: 0;
  display: grid;
  grid-template-columns: 1fr auto;
  align-content: start;
}

.layers dl b {
  grid-column: 1 / -1;
  border-bottom: 1px solid var(--line);
  margin-bottom: 0.2rem;
}

.layers dd {
  margin: 0;
  text-align: right;
  font-variant-numeric: tabular-nums;
}

@media (max-width: 52rem) {
  .hops {
    grid-auto-flow: row;
    gap: 1.7rem;
  }

  .hops li + li::before {
    left: 50%;
    top: -1.42rem;
    transform: translateX(-50%) rotate(90deg);
  }

  .figures {
    grid-template-columns: 1fr 1fr;
  }
}
`;

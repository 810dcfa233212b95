"""Charts in the house style: `style` draws frames and lines, `epochs` how models were trained."""

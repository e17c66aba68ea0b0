import {
  barTicks,
  colourScale,
  domain,
  layerTicks,
  layout,
  ramp,
  rowLabel,
  title,
  xLabel,
  type HeatmapData,
  type Layout,
} from "./heatmap.ts";

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A heatmap as a file of its own: black on white, the fonts of the reader's system. */
export function heatmapSvg(data: HeatmapData, width = 480): string {
  const box = layout(data, width);
  const top = 30;
  const parts = [
    `<text x="${box.left}" y="18" font-size="13" font-weight="600">${escape(title(data.kind))}</text>`,
    `<g transform="translate(0 ${top})">`,
    ...cells(data, box),
    ...labels(data, box),
    ...colourBar(data, box),
    "</g>",
  ];
  const height = box.height + top + 6;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="system-ui, sans-serif" font-size="12" fill="#1a1a1a">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

function cells(data: HeatmapData, { left, top, cell }: Layout): string[] {
  const colour = colourScale(data);
  return Array.from(data.scores, (score, i) => {
    const [token, layer] = [Math.floor(i / data.layers), i % data.layers];
    if (Number.isNaN(score)) return "";
    const x = (left + layer * cell.width).toFixed(2);
    const y = (top + token * cell.height).toFixed(2);
    // A hair wider than the cell, so that no seam shows between two of them.
    return `<rect x="${x}" y="${y}" width="${(cell.width + 0.3).toFixed(2)}" height="${cell.height + 0.3}" fill="${colour(score)}"/>`;
  });
}

function labels(data: HeatmapData, { left, top, cell, bar }: Layout): string[] {
  const bottom = top + cell.height * data.tokens.length;
  const rows = data.tokens.map(
    (_, token) =>
      `<text x="${left - 6}" y="${top + (token + 0.5) * cell.height}" dy="0.35em" text-anchor="end">${escape(rowLabel(data, token))}</text>`,
  );
  const columns = layerTicks(data.layers).map(
    (layer) =>
      `<text x="${left + (layer + 0.5) * cell.width}" y="${bottom + 14}" text-anchor="middle">${layer}</text>`,
  );
  const middle = (left + bar.left - 12) / 2;
  return [
    ...rows,
    ...columns,
    `<text x="${middle}" y="${bottom + 32}" text-anchor="middle">${escape(xLabel(data))}</text>`,
  ];
}

function colourBar(data: HeatmapData, { top, cell, bar }: Layout): string[] {
  const height = cell.height * data.tokens.length;
  const [low, high] = domain(data);
  const steps = Array.from({ length: 64 }, (_, i) => {
    const y = top + (height * i) / 64;
    return `<rect x="${bar.left}" y="${y}" width="${bar.width}" height="${height / 64 + 0.3}" fill="${ramp(data.kind, 1 - (i + 0.5) / 64)}"/>`;
  });
  const ticks = barTicks(data).map(({ value, label }) => {
    const y = top + height * (1 - (value - low) / (high - low));
    return `<text x="${bar.left + bar.width + 4}" y="${y}" dy="0.35em" font-size="11">${label}</text>`;
  });
  const caption = `<text x="${bar.left + bar.width / 2}" y="${top + height + 14}" text-anchor="middle" font-size="11">p(${escape(data.answer.trim())})</text>`;
  return [...steps, ...ticks, caption];
}

// Icons of 20 pixels, drawn with the colour of the text. Decorative: the text next to them names what they do.

const PATHS = {
  dashboard: "M3 16V9m4.7 7V4m4.6 12v-5M17 16V7",
  images: "M3 4.5h14v11H3zM3 13l4-4 3.500 3.500 2-2L17 15M13.500 8a.5.5 0 1 1-1 0 .5.5 0 0 1 1 0",
  usage: "M10 3a7 7 0 1 0 7 7h-7zM13 2.600A7 7 0 0 1 17.400 7H13z",
  users: "M10 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3.500 17c.6-3.400 3.200-5 6.500-5s5.900 1.600 6.500 5",
  keys: "M12.500 11a4 4 0 1 0-3.800-2.700L3 14v3h3v-2h2v-2l1.700-1.700c.8.5 1.800.7 2.800.7M14 6.500h0",
  account:
    "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM5.500 15.200c1-1.700 2.600-2.500 4.500-2.500s3.500.8 4.500 2.500M12.200 8.200a2.200 2.200 0 1 1-4.400 0 2.200 2.200 0 0 1 4.400 0",
  health: "M2.500 10h3.500l2-5 3.500 10 2.200-5h3.800",
  upload: "M10 13V4m0 0L6.500 7.500M10 4l3.500 3.500M4 13v3h12v-3",
  search: "M9 14.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11Zm4-1.500 4 4",
  close: "m5.500 5.500 9 9m0-9-9 9",
  back: "M12 4.500 6.500 10l5.500 5.500",
  copy: "M7.500 7.500h8v9h-8zM4.500 12.500v-9h8",
  trash: "M4 6h12M8 6V4h4v2m-6.500 0 .7 10.500h7.600L14.500 6",
  external: "M8 5H4.500v10.500H15V12m-4-8h5v5m0-5-7 7",
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

const HEX = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;

const COMPONENT = String.raw`(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:%|deg|rad|turn)?|none)`;
const FUNCTION = new RegExp(
  String.raw`^(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\( ?${COMPONENT}(?:(?: ?[,/] ?| )${COMPONENT}){2,3} ?\)$`,
  'i',
);

/** The names of CSS Color 4, section 6.1. */
const NAMES = new Set(
  `aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood
  cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod darkgray
  darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen
  darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue
  firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew
  hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan
  lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray
  lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue
  mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred
  midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid
  palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple
  rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue
  slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato turquoise violet wheat white
  whitesmoke yellow yellowgreen`.split(/\s+/),
);

/** Whether it is a colour, and nothing that could end a CSS declaration or an HTML attribute. */
export function isColor(text: string): boolean {
  return HEX.test(text) || FUNCTION.test(text) || NAMES.has(text.toLowerCase());
}

/** Multiplied, neighbouring numbers end up far apart on the colour circle. */
const GOLDEN_ANGLE = 137.508;

/** A colour of the version's own, so that two releases look different without being told to. */
export function defaultColor(version: string): string {
  let number = 0;
  // With 5, what differs by one in patch, minor or major version is at least 97 degrees apart.
  for (const character of version) number = (number * 5 + (character.codePointAt(0) ?? 0)) >>> 0;
  return `oklch(0.55 0.14 ${Math.round(number * GOLDEN_ANGLE) % 360})`;
}

// The least that a list of as many rows as a waterfall's can be: what the browser and the machine take of a frame.

const ROW_COUNT = 10_000;
const ROW_HEIGHT = 26;
const ROWS_IN_SIGHT = 45;

/** Where it is drawn. */
export const PLAIN_LIST = `
  <style>
    .list { height: 800px; overflow: auto; }
    .sizer { position: relative; height: ${ROW_COUNT * ROW_HEIGHT}px; }
    .line { position: absolute; right: 0; left: 0; display: grid; grid-template-columns: 38% 1fr; height: ${ROW_HEIGHT}px; contain: strict; }
    .time { position: relative; }
    .bar { position: absolute; top: 8px; height: 10px; background: steelblue; }
  </style>
  <div class="list"><div class="sizer"></div></div>`;

/** Writes the rows in sight into elements that are there from the start, whenever it is scrolled. */
export const PLAIN_LIST_SCRIPT = `{
  const list = document.querySelector(".list");
  const lines = Array.from({ length: ${ROWS_IN_SIGHT} }, () => {
    const line = document.createElement("div");
    line.className = "line";
    line.innerHTML = '<div><span></span> <span></span></div><div class="time"><div class="bar"></div><span></span></div>';
    list.firstChild.append(line);
    return line;
  });
  const draw = () => {
    const first = Math.floor(list.scrollTop / ${ROW_HEIGHT});
    for (let index = first; index < first + lines.length; index++) {
      const line = lines[index % lines.length];
      line.style.top = index * ${ROW_HEIGHT} + "px";
      const [label, time] = line.children;
      label.firstChild.textContent = "step " + index;
      label.lastChild.textContent = "large";
      time.firstChild.style.left = (index * 37) % 100 + "%";
      time.firstChild.style.width = (index * 13) % 40 + "%";
      time.lastChild.textContent = (index * 7) % 2000 + " ms";
    }
  };
  list.addEventListener("scroll", draw);
  draw();
}`;

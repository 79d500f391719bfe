// The watch page: the produced episode with every picture behind it. Text from the show is only ever set
// as text, never as markup.

const api = "/api/anime";
const byId = (id) => document.getElementById(id);

async function read(path) {
  const response = await fetch(api + path, { headers: { accept: "application/json" } });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.detail ?? problem.title ?? `${response.status} ${response.statusText}`);
  }
  return response.json();
}

async function readAll(path) {
  const items = [];
  let cursor = null;
  do {
    const page = await read(`${path}?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const words = { accepted: "accepted", needs_review: "needs review", rejected: "rejected" };

function verdictLabel(verdict) {
  if (!verdict) return element("span", { class: "missing" }, "not drawn yet");
  const score = verdict.score === null ? "not measured" : `${(verdict.score * 100).toFixed(1)} %`;
  return element("span", { class: verdict.status }, `${score} · ${words[verdict.status]}`);
}

function card(item, name, text) {
  const picture = item.pictures?.[0];
  return element(
    "button",
    { class: "card", type: "button", "data-subject": item.subject, onclick: () => showDetail(item, name) },
    element("img", { src: picture?.url, alt: picture ? `${name}: ${text}` : "", loading: "lazy" }),
    element(
      "div",
      { class: "text" },
      element("div", { class: "name" }, element("strong", {}, name), verdictLabel(item.verdict)),
      element("div", { class: "words" }, text),
    ),
  );
}

function row(name, value, long = false) {
  return element("tr", {}, element("th", { scope: "row" }, name), element("td", long ? { class: "long" } : {}, value ?? "unknown"));
}

function swatch(colour) {
  const mark = element("span", { class: "swatch" });
  mark.style.background = colour;
  return element("span", {}, mark, colour);
}

function showDetail(item, name) {
  const pictures = (item.pictures ?? []).map((picture) =>
    element("figure", {}, element("img", { src: picture.url, alt: picture.name }), element("figcaption", {}, picture.name)),
  );
  if (item.clip_url) {
    pictures.unshift(
      element("figure", {}, element("video", { src: item.clip_url, controls: "", muted: "", loop: "", autoplay: "" }), element("figcaption", {}, "clip")),
    );
  }
  const body = [element("h2", {}, name), element("div", { class: "pictures" }, ...pictures)];
  for (const line of item.lines ?? []) {
    body.push(element("p", {}, element("strong", {}, `${line.speaker}: `), line.text));
  }
  if (item.action) body.push(element("p", {}, item.action));
  const verdict = item.verdict;
  if (verdict) {
    body.push(element("h3", {}, "Verdict"), element("p", {}, verdictLabel(verdict), ` (gate ${(verdict.gate * 100).toFixed(0)} %, decided by ${verdict.decided_by})`));
    for (const reason of verdict.reasons) body.push(element("p", {}, reason));
    if (verdict.parts.length > 0) {
      body.push(
        element("h3", {}, "Colour model, measured"),
        element(
          "table",
          {},
          element("thead", {}, element("tr", {}, ...["picture", "part", "expected", "found", "ΔE 2000", "allowed"].map((head) => element("th", { scope: "col" }, head)))),
          element(
            "tbody",
            {},
            ...verdict.parts.map((part) =>
              element(
                "tr",
                {},
                element("td", {}, part.picture),
                element("td", {}, part.part),
                element("td", {}, swatch(part.expected)),
                element("td", {}, swatch(part.found)),
                element("td", {}, part.difference.toFixed(2)),
                element("td", {}, part.tolerance.toFixed(1)),
              ),
            ),
          ),
        ),
      );
    }
  }
  const made = item.provenance;
  if (made) {
    body.push(
      element("h3", {}, "Provenance"),
      element(
        "table",
        {},
        element(
          "tbody",
          {},
          row("engine", `${made.engine} ${made.engine_version}`),
          row("recipe", made.recipe, true),
          row("bible", made.bible, true),
          row("seed", made.seed === null ? "none" : String(made.seed)),
          row("attempts", String(made.attempts)),
          row("drawn", new Date(made.drawn_at).toLocaleString()),
          row("took", made.seconds === null ? null : `${made.seconds.toFixed(2)} s`),
        ),
      ),
    );
  }
  byId("detail-body").replaceChildren(...body);
  byId("detail").showModal();
}

function showEpisode(project, episode) {
  byId("title").textContent = episode ? episode.title : project.title;
  byId("logline").textContent = project.description;
  document.title = `${project.title} · Echo Studio`;
  const video = byId("video");
  const film = episode?.files.find((file) => file.media_type === "video/mp4");
  byId("waiting").hidden = Boolean(film);
  byId("waiting").textContent = "This episode is not cut yet. Produce the project, and it plays here.";
  if (film && video.getAttribute("src") !== film.url) {
    const subtitles = episode.files.find((file) => file.media_type === "text/vtt");
    video.src = film.url;
    video.poster = episode.poster_url ?? "";
    video.replaceChildren(
      ...(subtitles ? [element("track", { kind: "subtitles", src: subtitles.url, srclang: project.language, label: "Subtitles", default: "" })] : []),
    );
  }
  const numbers = episode
    ? [["length", clock(episode.duration_seconds)], ["frames", episode.frames.toLocaleString()], ["frames a second", episode.frame_rate]]
    : [];
  byId("numbers").replaceChildren(...numbers.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  byId("downloads").replaceChildren(...(episode?.files ?? []).map((file) => element("a", { href: file.url, download: file.name }, file.name)));
}

/** Items by what they have in common, in the order in which they come. */
function grouped(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups];
}

async function show(project) {
  const [episodes, sheets] = await Promise.all([readAll(`/projects/${project.id}/episodes`), readAll(`/projects/${project.id}/sheets`)]);
  const select = byId("episodes");
  const wanted = select.value;
  select.hidden = episodes.length < 2;
  select.replaceChildren(...episodes.map((episode) => element("option", { value: episode.at }, `${episode.at} ${episode.title}`)));
  const episode = episodes.find((candidate) => candidate.at === wanted) ?? episodes[0] ?? null;
  if (episode) select.value = episode.at;
  showEpisode(project, episode);
  const shots = episode ? await readAll(`/projects/${project.id}/episodes/${episode.at}/shots`) : [];
  // A place comes back: scenes are told apart by their number, which is a shot's address without its last part.
  const scene = (shot) => shot.at.slice(0, shot.at.lastIndexOf("."));
  byId("shots").replaceChildren(
    ...grouped(shots, scene).flatMap(([at, members]) => [
      element("h3", {}, `${at.split(".").at(-1)}  ${members[0].heading}`),
      element("div", { class: "grid" }, ...members.map((shot) => card(shot, shot.at, shot.lines.map((line) => line.text).join(" ") || shot.action || shot.framing))),
    ]),
  );
  byId("sheets").replaceChildren(
    ...grouped(sheets, (sheet) => sheet.look).flatMap(([look, members]) => [
      element("h3", {}, look),
      element("div", { class: "grid small" }, ...members.map((sheet) => card(sheet, sheet.slot, ""))),
    ]),
  );
}

function follow(project) {
  const source = new EventSource(`${api}/events?project=${project.id}`);
  let pending = 0;
  const refresh = () => {
    // Many pictures finish in a second; one look at the result is enough.
    clearTimeout(pending);
    pending = setTimeout(() => show(project).catch(fail), 800);
  };
  for (const kind of ["artifact.accepted", "artifact.judged", "episode.cut", "verdict.decided"]) {
    source.addEventListener(kind, (event) => {
      const { subject } = JSON.parse(event.data);
      byId("state").textContent = `${subject}: ${kind.split(".")[1]}`;
      refresh();
    });
  }
  source.onerror = () => (byId("state").textContent = "Waiting for the studio…");
  source.onopen = () => (byId("state").textContent = "");
  return source;
}

function fail(error) {
  byId("state").textContent = error.message;
}

async function start() {
  const projects = await readAll("/projects");
  const select = byId("projects");
  if (projects.length === 0) {
    byId("waiting").hidden = false;
    byId("waiting").textContent = "No project yet. Run “echo-studio produce” on a project folder.";
    return;
  }
  select.hidden = projects.length < 2;
  select.replaceChildren(...projects.map((project) => element("option", { value: project.id }, project.title)));
  let stream = null;
  const choose = async () => {
    const project = projects.find((candidate) => candidate.id === select.value) ?? projects[0];
    stream?.close();
    await show(project);
    stream = follow(project);
  };
  select.addEventListener("change", () => choose().catch(fail));
  byId("episodes").addEventListener("change", () => choose().catch(fail));
  await choose();
}

start().catch(fail);

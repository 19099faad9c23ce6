// The sections of the résumé: headings, entries and lists. Pure.
import { type Html, html, linkAddress } from "./html.ts";
import type { Resume } from "./resume.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** 2021, 2021-05 or 2021-05-31 as text: the day of an entry is of no interest. */
function date(text: string): Html {
  const [year, month] = text.split("-");
  const name = MONTHS[Number(month) - 1];
  return html`<time datetime="${text}">${name ? `${name} ${year}` : year}</time>`;
}

/** @param open the entry has a start and no end, so it goes on */
function period({ startDate, endDate }: { startDate?: string; endDate?: string }, open = true): Html | undefined {
  if (!startDate) return endDate ? date(endDate) : undefined;
  if (endDate) return html`${date(startDate)} to ${date(endDate)}`;
  return open ? html`${date(startDate)} to today` : date(startDate);
}

type Entry = {
  readonly title?: string | undefined;
  readonly place?: string | undefined;
  readonly url?: string | undefined;
  readonly when?: Html | undefined;
  readonly text?: string | undefined;
  readonly points?: readonly string[] | undefined;
};

function linked(text: Html, url: string | undefined): Html {
  const address = linkAddress(url);
  return address ? html`<a href="${address}">${text}</a>` : text;
}

function entry({ title, place, url, when, text, points = [] }: Entry): Html {
  const where = place && html`<span class="place">${title ? `, ${place}` : place}</span>`;
  return html`
        <article>
          <h3>${linked(html`${title}${where}`, url)}</h3>${
            when &&
            html`
          <p class="when">${when}</p>`
          }${
            text &&
            html`
          <p>${text}</p>`
          }${
            points.length > 0 &&
            html`
          <ul>${points.map(
            (point) => html`
            <li>${point}</li>`,
          )}
          </ul>`
          }
        </article>`;
}

function section(id: string, heading: string, content: readonly Html[]): Html | undefined {
  if (content.length === 0) return undefined;
  return html`
      <section aria-labelledby="${id}">
        <h2 id="${id}">${heading}</h2>${content}
      </section>`;
}

type Term = { readonly term?: string | undefined; readonly details: readonly (string | undefined)[] };

function terms(list: readonly Term[]): Html[] {
  if (list.length === 0) return [];
  const rows = list.map(
    ({ term, details }) => html`
          <dt>${term}</dt>
          <dd>${details.filter(Boolean).join(", ")}</dd>`,
  );
  return [
    html`
        <dl>${rows}
        </dl>`,
  ];
}

/** Every section that has content, in the order of the page. */
export function sections({ basics, ...resume }: Resume): readonly (Html | undefined)[] {
  const { work = [], volunteer = [], projects = [], publications = [], education = [], awards = [] } = resume;
  const { certificates = [], skills = [], languages = [], interests = [], references = [] } = resume;
  const { summary } = basics;
  const listed = ({
    url,
    summary: text,
    highlights: points,
  }: {
    url?: string;
    summary?: string;
    highlights?: readonly string[];
  }) => ({ url, text, points });
  return [
    section(
      "profile",
      "Profile",
      summary
        ? [
            html`
        <p>${summary}</p>`,
          ]
        : [],
    ),
    section(
      "experience",
      "Experience",
      work.map((it) => entry({ ...listed(it), title: it.position, place: it.name, when: period(it) })),
    ),
    section(
      "volunteering",
      "Volunteering",
      volunteer.map((it) => entry({ ...listed(it), title: it.position, place: it.organization, when: period(it) })),
    ),
    section(
      "projects",
      "Projects",
      projects.map((it) => entry({ ...listed(it), title: it.name, text: it.description, when: period(it, false) })),
    ),
    section(
      "publications",
      "Publications",
      publications.map((it) =>
        entry({
          ...listed(it),
          title: it.name,
          place: it.publisher,
          when: it.releaseDate ? date(it.releaseDate) : undefined,
        }),
      ),
    ),
    section(
      "education",
      "Education",
      education.map((it) =>
        entry({
          title: [it.studyType, it.area].filter(Boolean).join(" in "),
          place: it.institution,
          url: it.url,
          when: period(it, false),
          text: it.score,
          points: it.courses,
        }),
      ),
    ),
    section(
      "awards",
      "Awards",
      awards.map((it) =>
        entry({ ...listed(it), title: it.title, place: it.awarder, when: it.date ? date(it.date) : undefined }),
      ),
    ),
    section(
      "certificates",
      "Certificates",
      certificates.map((it) =>
        entry({ title: it.name, place: it.issuer, url: it.url, when: it.date ? date(it.date) : undefined }),
      ),
    ),
    section(
      "skills",
      "Skills",
      terms(skills.map(({ name, level, keywords = [] }) => ({ term: name, details: [...keywords, level] }))),
    ),
    section(
      "languages",
      "Languages",
      terms(languages.map(({ language, fluency }) => ({ term: language, details: [fluency] }))),
    ),
    section(
      "interests",
      "Interests",
      terms(interests.map(({ name, keywords = [] }) => ({ term: name, details: keywords }))),
    ),
    section(
      "references",
      "References",
      references.map(
        ({ name, reference }) => html`
        <blockquote>
          <p>${reference}</p>
          <p class="when">${name}</p>
        </blockquote>`,
      ),
    ),
  ];
}

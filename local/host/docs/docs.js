// Opens Swagger UI with the OpenAPI document of this server.

// The stylesheet of Swagger UI has a dark theme, which only this class selects.
const dark = matchMedia("(prefers-color-scheme: dark)");
const applyTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
applyTheme();
dark.addEventListener("change", applyTheme);

// A HEAD row repeats its GET row without a body, and every route with GET has one.
const hideHead = () => ({
  wrapComponents: {
    // A subclass, because Swagger UI reads the props of a container from its prototype.
    OperationContainer: (Original) =>
      class extends Original {
        render() {
          return this.props.method === "head" ? null : super.render();
        }
      },
  },
});

window.SwaggerUIBundle({
  dom_id: "#docs",
  url: "/api/openapi.json",
  deepLinking: true,
  displayRequestDuration: true,
  plugins: [hideHead],
  // Schemas are shown where they are used.
  defaultModelsExpandDepth: 0,
  // The default would send the document's address to Swagger's server.
  validatorUrl: null,
});

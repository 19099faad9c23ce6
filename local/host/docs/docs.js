// Opens Swagger UI on the document of the API beside which this page is served.
window.SwaggerUIBundle({
  dom_id: "#docs",
  url: "/api/openapi.json",
  deepLinking: true,
  displayRequestDuration: true,
  // Its default would send the document's address to a server of Swagger's.
  validatorUrl: null,
});

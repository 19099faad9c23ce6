// Opens Swagger UI with the OpenAPI document of this server.
window.SwaggerUIBundle({
  dom_id: "#docs",
  url: "/api/openapi.json",
  deepLinking: true,
  displayRequestDuration: true,
  // The default would send the document's address to Swagger's server.
  validatorUrl: null,
});

// Checks a query with Microsoft's parser of KQL, over the tables of Application Insights.
import { createRequire } from "node:module";

type Diagnostics = {
  readonly Count: number;
  getItem(at: number): { readonly Message: string; readonly Start: number };
};
type Table = { WithName(name: string): Table };
type Globals = { WithDatabase(database: unknown): Globals };
type Kusto = {
  readonly Language: {
    readonly GlobalState: { readonly Default: Globals };
    readonly KustoCode: { ParseAndAnalyze(query: string, globals: Globals): { GetDiagnostics(): Diagnostics } };
    readonly Symbols: {
      readonly TableSymbol: { From(schema: string): Table };
      readonly DatabaseSymbol: { readonly ctor: new (name: string, tables: readonly Table[]) => unknown };
    };
  };
};

// https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete: the columns that the queries use.
const shared =
  "timestamp:datetime, operation_Name:string, operation_Id:string, cloud_RoleName:string, cloud_RoleInstance:string, customDimensions:dynamic";
const call = "id:string, name:string, success:string, resultCode:string, duration:real, itemCount:int";
const tables = {
  requests: `${call}, url:string`,
  dependencies: `${call}, target:string, type:string, data:string`,
  traces: "message:string, severityLevel:int, itemCount:int",
  exceptions: "type:string, outerMessage:string, innermostMessage:string, itemCount:int",
  customMetrics: "name:string, value:real, valueCount:int, valueSum:real, valueMin:real, valueMax:real",
  availabilityResults: "name:string, location:string, success:string, message:string, duration:real, itemCount:int",
};

// The parser is C# compiled to scripts that extend the global scope.
const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { Language } = (globalThis as unknown as { readonly Kusto: Kusto }).Kusto;
const { TableSymbol, DatabaseSymbol } = Language.Symbols;
const globals = Language.GlobalState.Default.WithDatabase(
  new DatabaseSymbol.ctor(
    "insights",
    Object.entries(tables).map(([name, columns]) => TableSymbol.From(`(${shared}, ${columns})`).WithName(name)),
  ),
);

/** Each error with the text at its position; empty for a query that Azure accepts. */
export function kqlErrors(query: string): string[] {
  const diagnostics = Language.KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: diagnostics.Count }, (_, at) => {
    const { Message, Start } = diagnostics.getItem(at);
    return `${Message} At: ${query.slice(Start, Start + 40)}`;
  });
}

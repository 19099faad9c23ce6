// Checks a query with Microsoft's parser of KQL: over the tables of the workspace, or over those of Application Insights.
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
// https://learn.microsoft.com/azure/azure-monitor/reference/tables-index: the columns that the queries use. They have other
// names than in Application Insights, and the operation log is here only.
const ofWorkspace = {
  AppRequests: "Name:string, ResultCode:string, DurationMs:real, ItemCount:int, Success:bool",
  AppTraces: "Message:string, SeverityLevel:int, ItemCount:int",
  AppMetrics: "Name:string, Sum:real, Min:real, Max:real, ItemCount:int",
};
const sharedOfWorkspace = "TimeGenerated:datetime, OperationId:string, OperationName:string, Properties:dynamic";
const operationLog = "(TimeGenerated:datetime, Category:string, Operation:string, Level:string, Detail:string)";

// The parser is C# compiled to scripts that extend the global scope.
const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
const { Language } = (globalThis as unknown as { readonly Kusto: Kusto }).Kusto;
const { TableSymbol, DatabaseSymbol } = Language.Symbols;
const databaseOf = (name: string, tables: readonly Table[]) =>
  Language.GlobalState.Default.WithDatabase(new DatabaseSymbol.ctor(name, tables));
const tablesOf = (columns: Readonly<Record<string, string>>, common: string) =>
  Object.entries(columns).map(([name, own]) => TableSymbol.From(`(${common}, ${own})`).WithName(name));

const scopes = {
  insights: databaseOf("insights", tablesOf(tables, shared)),
  workspace: databaseOf("workspace", [
    ...tablesOf(ofWorkspace, sharedOfWorkspace),
    TableSymbol.From(operationLog).WithName("_LogOperation"),
  ]),
};

/** Each error with the text at its position; empty for a query that Azure accepts in that scope. */
export function kqlErrors(query: string, scope: keyof typeof scopes): string[] {
  const diagnostics = Language.KustoCode.ParseAndAnalyze(query, scopes[scope]).GetDiagnostics();
  return Array.from({ length: diagnostics.Count }, (_, at) => {
    const { Message, Start } = diagnostics.getItem(at);
    return `${Message} At: ${query.slice(Start, Start + 40)}`;
  });
}

using Buffkit.Api;
using Buffkit.Migrations;
using Buffkit.ServiceDefaults;
using Buffkit.Streams;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTelemetrySources(StreamsTelemetry.MeterName, MigrationTelemetry.Name);
builder.AddAppDatabase();
builder.AddRedisClient();
builder.AddDevelopmentSchema();
builder.AddAccess();

builder.Services.AddEventStreams();
builder.Services.AddOrders();
builder.Services.AddProblems();
builder.Services.AddValidation();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseSecurityHeaders();
app.UseProblems();
app.UseDefaultFiles();
app.UseStaticFiles();
app.UseCors();
app.UseAuthentication();
app.UseAuthorization();
app.MapDefaultEndpoints();
app.MapOpenApi();
app.MapEventStreams();
app.MapOrders();
await app.RunAsync();

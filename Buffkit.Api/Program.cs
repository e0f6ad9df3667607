using Buffkit.Api;
using Buffkit.Migrations;
using Buffkit.ServiceDefaults;
using Buffkit.Streams;

if (await HealthProbe.RunAsync(args) is { } exitCode)
    return exitCode;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddTelemetrySources(StreamsTelemetry.MeterName, MigrationTelemetry.Name);
builder.AddAppDatabase();
//#if (redis)
builder.AddRedisClient();
////#else
//builder.RefuseRedis();
//#endif
builder.AddSchema();
builder.AddAccess();

builder.Services.AddEventStreams()
    //#if (redis)
    .AddRedis()
    .ShareDataProtectionKeys()
    //#endif
    .AddSqlHistory()
    //#if (sample)
    .AddOutbox()
    //#endif
    .AddEncryption();
//#if (sample)
builder.Services.AddOrders();
//#endif
builder.Services.AddRequestLimits();
builder.Services.AddProblems();
builder.Services.AddValidation();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseSecurityHeaders();
app.UseProblems();
//#if (sample)
app.UseDefaultFiles();
app.UseStaticFiles();
//#endif
app.UseCors();
app.UseAuthentication();
app.UseRateLimiter();
app.UseAuthorization();
app.MapDefaultEndpoints();
if (app.Environment.IsDevelopment())
    app.MapOpenApi();
app.MapEventStreams();
//#if (sample)
app.MapOrders();
//#endif
await app.RunAsync();
return 0;

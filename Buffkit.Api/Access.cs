using System.Security.Claims;
//#if (redis)
using Buffkit.ServiceDefaults;
//#endif
using Buffkit.Streams;
using Microsoft.AspNetCore.DataProtection;

namespace Buffkit.Api;

/// <summary>
/// Who calls, and what of: bearer tokens of the authority in <c>Authentication:Schemes:Bearer</c>; in Development also those
/// that <c>dotnet user-jwts create</c> makes, whose key is in the user's secrets.
/// </summary>
internal static class Access
{
    /// <summary>What every user may watch; only the server publishes. Outside Development all other topics are closed: open yours here.</summary>
    //#if (sample)
    internal static readonly TopicFilter[] Watched = [TopicFilter.Parse("orders/**")];
    ////#else
    //internal static readonly TopicFilter[] Watched = [TopicFilter.Parse("news/**")];
    //#endif

    public static void AddAccess(this WebApplicationBuilder builder)
    {
        // Claims by the names that the token gives them: 'sub' stays 'sub'.
        builder.Services.AddAuthentication().AddJwtBearer(bearer => bearer.MapInboundClaims = false);
        builder.Services.AddAuthorizationBuilder().AddPolicy(TopicAuthorizationOptions.PolicyName, policy => policy
            .RequireAuthenticatedUser()
            .RequireAssertion(context =>
                context.Resource is TopicAccess { Operation: TopicOperation.Subscribe } access && Array.Exists(Watched, access.Filter.IsWithin)));

        // Alone, the server keeps its keys beside its database; many share theirs through Redis.
        var keys = new DirectoryInfo(Path.Combine(builder.Environment.ContentRootPath, "data", "keys"));
        //#if (redis)
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(RedisClient.ConnectionName)))
            builder.Services.AddDataProtection().PersistKeysToFileSystem(keys);
        ////#else
        //builder.Services.AddDataProtection().PersistKeysToFileSystem(keys);
        //#endif

        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
    }

    /// <summary>The user's name for machines: the token's <c>sub</c>. <see langword="null"/> where nobody is known.</summary>
    public static string? Id(this ClaimsPrincipal user) => user.FindFirstValue("sub") ?? user.FindFirstValue(ClaimTypes.NameIdentifier);

    /// <summary>Asks for a user, unless all topics are open to everybody, as in Development.</summary>
    public static void RequireUser(this RouteGroupBuilder endpoints)
    {
        var services = ((IEndpointRouteBuilder)endpoints).ServiceProvider;
        var options = services.GetRequiredService<Microsoft.Extensions.Options.IOptions<StreamsOptions>>().Value;
        if (!options.Authorization.IsOpen(services.GetRequiredService<IHostEnvironment>()))
            endpoints.RequireAuthorization();
    }
}

using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Buffkit.Streams;

/// <inheritdoc cref="TopicAuthorizationOptions"/>
internal sealed partial class DefaultTopicAuthorization : ITopicAuthorization
{
    private static readonly TopicFilter Public = TopicFilter.Parse("public/**");

    private readonly bool _isOpen;
    private readonly IServiceScopeFactory _scopes;

    public DefaultTopicAuthorization(
        IOptions<StreamsOptions> options, IHostEnvironment environment, IServiceScopeFactory scopes, ILogger<DefaultTopicAuthorization> logger)
    {
        _scopes = scopes;
        _isOpen = options.Value.Authorization.IsOpen(environment);
        if (_isOpen)
            Log.Open(logger, environment.EnvironmentName);
    }

    public async ValueTask<bool> IsAllowedAsync(TopicAccess access, CancellationToken cancellationToken)
    {
        if (_isOpen)
            return true;
        var isAuthenticated = access.User.Identity is { IsAuthenticated: true };
        if (access.Filter.IsWithin(Public) && (access.Operation is TopicOperation.Subscribe || isAuthenticated))
            return true;
        if (Subject.Of(access.User) is { } subject && UserTopic.AllOf(subject) is { } own && access.Filter.IsWithin(own))
            return true;
        return await AskPolicyAsync(access).ConfigureAwait(false);
    }

    // A user has topics of its own. A policy that asks for one says no to everybody else, whatever the topic.
    public async ValueTask<bool> MayPublishAsync(ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (_isOpen || user.Identity is { IsAuthenticated: true })
            return true;
        await using var scope = _scopes.CreateAsyncScope();
        return await PolicyAsync(scope.ServiceProvider).ConfigureAwait(false) is { } policy
            && !policy.Requirements.OfType<DenyAnonymousAuthorizationRequirement>().Any();
    }

    private async ValueTask<bool> AskPolicyAsync(TopicAccess access)
    {
        // A scope of its own: handlers may be scoped, and a stream outlives what they hold.
        await using var scope = _scopes.CreateAsyncScope();
        return await PolicyAsync(scope.ServiceProvider).ConfigureAwait(false) is { } policy
            && (await scope.ServiceProvider.GetRequiredService<IAuthorizationService>()
                .AuthorizeAsync(access.User, access, policy).ConfigureAwait(false)).Succeeded;
    }

    private static async ValueTask<AuthorizationPolicy?> PolicyAsync(IServiceProvider services) =>
        services.GetService<IAuthorizationService>() is not null && services.GetService<IAuthorizationPolicyProvider>() is { } policies
            ? await policies.GetPolicyAsync(TopicAuthorizationOptions.PolicyName).ConfigureAwait(false)
            : null;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning,
            "All topics are open to everybody, as is the default in Development (environment {Environment}, Streams:Authorization:Default).")]
        public static partial void Open(ILogger logger, string environment);
    }
}

/// <summary>
/// Has this assembly loaded into a node (<c>DOTNET_STARTUP_HOOKS</c>), which does not know it, so that its hosting startup is found. The runtime
/// asks for this name outside of any namespace.
/// </summary>
#pragma warning disable CA1050
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize()
    {
        // Loaded is all it is to be.
    }
}

namespace Buffkit.Streams;

/// <summary>A JSON Web Key Set.</summary>
/// <param name="Keys">The newest first.</param>
internal sealed record KeySet(IReadOnlyList<WebKey> Keys);

/// <summary>A symmetric JSON Web Key.</summary>
internal sealed record WebKey(string Kty, string Kid, string Alg, string Use, string K);

using System.Collections;

namespace Buffkit.Migrations;

/// <summary>The statements of one file.</summary>
internal interface IScannedStatements : IReadOnlyList<Statement>
{
    void Add(Statement statement, StatementSplitter splitter);
}

/// <summary>Those of a small file.</summary>
internal sealed class StatementsInMemory : List<Statement>, IScannedStatements
{
    public void Add(Statement statement, StatementSplitter splitter) => Add(statement);
}

/// <summary>Those of a large one: where they stand, to be read again one after the other.</summary>
internal sealed class StatementsInFile(ScriptText text) : IScannedStatements
{
    /// <summary>Bytes read at a time: many small statements, since opening the file for each would take longer than the server does.</summary>
    private const int Block = 64 * 1024;

    private readonly List<StatementPlace> _places = [];
    private readonly List<(int From, SqlDialect Dialect)> _dialects = [];
    private readonly Dictionary<int, CopyData> _copyData = [];

    private byte[] _block = [];
    private long _blockStart;
    private int _blockLength;
    private (int Index, Statement Statement)? _current;

    public int Count => _places.Count;

    public Statement this[int index]
    {
        get
        {
            if (_current is not { } current || current.Index != index)
            {
                _current = current = (index, Read(index));
            }

            if (index == Count - 1)
            {
                // Statements are read in order, so that nobody asks again soon.
                _block = [];
                _blockLength = 0;
            }

            return current.Statement;
        }
    }

    public void Add(Statement statement, StatementSplitter splitter)
    {
        if (_dialects.Count == 0 || _dialects[^1].Dialect != statement.Dialect)
        {
            _dialects.Add((Count, statement.Dialect));
        }

        if (statement.CopyData is { } data)
        {
            _copyData.Add(Count, data);
        }

        _places.Add(splitter.Place);
    }

    public IEnumerator<Statement> GetEnumerator()
    {
        for (var index = 0; index < Count; index++)
        {
            yield return this[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private Statement Read(int index)
    {
        var place = _places[index];
        if (place.Start < _blockStart || place.Start + place.Length > _blockStart + _blockLength)
        {
            var wanted = Math.Max(Block, place.Length);
            _block = _block.Length >= wanted && wanted == Block ? _block : new byte[wanted];
            (_blockStart, _blockLength) = (place.Start, text.Read(place.Start, _block));
        }

        var bytes = _block.AsSpan((int)(place.Start - _blockStart), place.Length);
        var dialect = _dialects[_dialects.FindLastIndex(from => from.From <= index)].Dialect;
        return new Statement(text.Encoding.GetString(bytes), place.Line, dialect) { CopyData = _copyData.GetValueOrDefault(index) };
    }
}

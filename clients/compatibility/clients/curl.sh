url=$1 id= last= retry=1000
while :; do
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
      'id: '*) id=${line#id: } ;;
      'retry: '*) retry=${line#retry: } ;;
      # Only a blank line makes an event complete, and its id the last.
      '') last=$id ;;
    esac
  done < <(curl -sN -H 'Accept: text/event-stream' ${last:+-H "Last-Event-ID: $last"} "$url")
  sleep "$((retry / 1000)).$(printf %03d $((retry % 1000)))"
done
